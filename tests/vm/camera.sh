# A camera that is plugged in from the start. vivid shows at its input what is written to its output, as if a cable
# joined them; here that is a film of 320 x 240 pixels, YUYV, again and again.
set -e
modprobe vivid n_devs=1 node_types=0x101 num_inputs=1 input_types=3 num_outputs=1 output_types=1
udevadm settle
for node in 0 1; do
  v4l2-ctl -d /dev/video$node --set-dv-bt-timings index=0
done
v4l2-ctl -d /dev/video0 -c hdmi_000_0_is_connected_to=2,osd_text_mode=2
exec v4l2-ctl -d /dev/video1 --set-fmt-video-out=width=320,height=240,pixelformat=YUYV \
  --stream-out-mmap --stream-from=/carried/film.yuv --stream-loop
