# Every target makes its own environment first; `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := $(VENV)/.demo
TEST := $(VENV)/.test
DEV := $(VENV)/.dev
# Packages are built and pinned with uv alone, which needs none of the environment above.
UV := build/uv/bin/uv
PIP := $(BIN)/python -m pip --disable-pip-version-check
SOURCE ?= demo
BROKER ?=
# One more than two cores: many tests wait for a broker or a process, and leave their core to another.
WORKERS ?= 3
FIT = $(BIN)/affectd-train fit --data $(DATA) --ferplus $(FERPLUS) $(if $(EPOCHS),--epochs $(EPOCHS))
SLOW ?=
# Each version of Home Assistant has a root of its own, which the tests find by this variable in their environment.
HOMEASSISTANT ?=
HOME_ROOT = build/homeassistant$(addprefix -,$(HOMEASSISTANT))
MUTANTS ?=
# A test that hangs ends its process, and is named with what it waited for.
FAST_TESTS = $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder -o faulthandler_timeout=600 -o faulthandler_exit_on_timeout=true
SLOW_TESTS = $(BIN)/python -m pytest -m slow --no-skip

# No target here is a file's name but those that make the environment.
.PHONY: $(shell sed -n 's/^\([a-z0-9-]*\):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## say what there is to make
	@grep -E '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 20

run: $(DEMO) ## the daemon on the bundled clip, its events at a subscriber (SOURCE=0 for a webcam, BROKER=host for your own)
	@$(BIN)/affectd demo --source $(SOURCE) $(if $(BROKER),--broker $(BROKER))

deb: $(UV) ## Debian packages with all they need, for Debian 12 and 13, amd64 and arm64, in build/deb (PACKAGES=deb13-arm64 makes one; DETECTOR=FILE.onnx takes YuNet along; debhelper)
	DETECTOR="$(DETECTOR)" systemd/debian/build.sh $(UV) build/deb $(PACKAGES)

repo: ## an apt repository of build/deb, signed, in build/repo: files that any web server can serve (KEY=gpg's secret key URL=where it will be)
	systemd/debian/repo.sh build/deb build/repo "$(KEY)" $(URL)

container: ## the service in a container, for USB and network cameras (PACKAGE=a package of build/deb BASE=folder with a Debian root or image; podman or docker)
	systemd/container/build.sh "$(PACKAGE)" localhost/affectd $(BASE)

image-manifest: ## an entry for Raspberry Pi Imager: its repository's file for an image (IMAGE=FILE.img.xz URL=where it will be OUT=repository.json)
	@$(PYTHON) systemd/image_manifest.py "$(IMAGE)" "$(URL)" "$(or $(OUT),build/repository.json)"

deps: ## what the tests need besides Python packages, by apt, with sudo where it must (SLOW=1 for the slow targets' needs as well)
	@tests/deps.sh $(if $(SLOW),slow)

test: $(DEV) ## every test but the slow ones, in three processes (WORKERS=0 for one, which pdb wants); the parts are:
	$(FAST_TESTS)

test-device: $(TEST) ## - the device's; they need neither Keras nor TensorFlow
	$(FAST_TESTS) --part=device

test-trainer: $(DEV) ## - the trainer's
	$(FAST_TESTS) --part=trainer

test-converters: $(DEV) ## - the converters'
	$(FAST_TESTS) --part=converters

test-lowest: $(TEST) ## the device's tests on the oldest packages that pyproject.toml allows, in build/lowest (Python 3.11)
	tests/lowest.sh $(BIN)/uv build/lowest $(WORKERS) demo,overlay,test device

test-lowest-train: $(TEST) ## the trainer's and the converters' tests on the oldest packages that pyproject.toml allows, in build/lowest-train (Python 3.11; 3 GB)
	tests/lowest.sh $(BIN)/uv build/lowest-train $(WORKERS) demo,onnx,overlay,sign,test,train trainer converters

test-packaging: $(TEST) ## wheel and sdist as a new user has them: installed in an empty environment and unpacked, each runs the demo (2 minutes)
	$(SLOW_TESTS) tests/packaging

test-mutants: $(TEST) ## breaks the device's code in small ways, one at a time, and lists what no test notices (MUTANTS="--minutes 30 --sample 80 mqtt"; hours for all)
	$(BIN)/python -m tests.mutants $(MUTANTS)

test-faults: $(DEV) ## camera, broker, network, card and daemon fail on purpose; a table says what that cost (25 minutes; root, to fill a disk)
	$(SLOW_TESTS) tests/faults

soak: $(DEV) ## the daemon at full speed for half an hour: memory and descriptors at the end as after warming up (SOAK_S=600 is shorter)
	$(SLOW_TESTS) -v -s tests/soak

test-opencv5: $(TEST) ## the tests of the network with OpenCV 5, which has no cascades, in build/opencv5 (AFFECTD_NETWORK names the network)
	tests/opencv5.sh $(BIN)/uv build/opencv5

test-homeassistant: $(DEV) ## the real Home Assistant takes the device in (root; installs 1.4 GB the first time, 15 minutes; then 4; HOMEASSISTANT=2026.11 tries that version instead of 2026.2, in a root of its own)
	@tests/homeassistant/install.sh $(HOME_ROOT)
	$(SLOW_TESTS) -v -s tests/homeassistant

picture-homeassistant: $(DEV) ## photograph the device's page in the real Home Assistant, for docs/homeassistant.webp; look at it (root; chromium; after test-homeassistant 300 MB more)
	@tests/homeassistant/install.sh $(HOME_ROOT) front-end
	$(BIN)/python -m tests.homeassistant.make_screenshot

test-picamera2: $(DEV) ## the real Picamera2 on libcamera's virtual camera, under the daemon (root; 1.6 GB the first time, about 5 minutes; then 90 s)
	@tests/picamera2/install.sh build/picamera2
	$(SLOW_TESTS) -v -s tests/picamera2

test-nspawn: $(DEV) ## the packages in Debian 12 and 13: installed, booted, upgraded, purged (root; make deb first; 1 GB and 5 minutes the first time)
	@tests/package/install.sh build/debian
	$(SLOW_TESTS) -v -s tests/package --ignore tests/package/test_steady.py --ignore tests/package/test_arm64.py

test-card: $(DEV) ## cards by affectd flash in systems like Raspberry Pi OS Lite, with broker, router and apt repository beside them: flashed folder in, face event out (root; make deb PACKAGES=deb13-amd64 first; 3 GB and 15 minutes the first time; then 20)
	@tests/picamera2/install.sh build/picamera2
	@tests/card/install.sh build/card build/picamera2
	$(SLOW_TESTS) -v -s tests/card

test-steady: $(DEV) ## the installed daemon watches for half an hour: what that writes to the card (root; make test-nspawn first; STEADY_S=600 is shorter)
	$(SLOW_TESTS) -v -s tests/package/test_steady.py

test-arm64: $(DEV) ## the arm64 packages in emulated Debian 12 and 13, on a Raspberry Pi 4's and 5's processor: as on x86-64 (root; make deb first)
	@tests/package/install.sh build/debian deb12 deb13 deb12-arm64 deb13-arm64
	$(SLOW_TESTS) -v -s tests/package/test_arm64.py

test-vm: $(DEV) ## a virtual machine with the package, a V4L2 camera and a display, and a flashed card for such a camera, without KVM (root; make deb PACKAGES=deb13-amd64 first; 3 GB; about an hour on two cores; CUTS=3 for fewer power cuts)
	@tests/vm/install.sh build/vm
	@tests/card/install.sh build/card
	@tests/vm/install_card.sh build/vm build/card/lite
	$(SLOW_TESTS) -v -s tests/vm

test-container: $(DEV) ## the container on a Debian of its own: an event out, nobody root, events kept, stopped in time (root; podman; make deb PACKAGES=deb13-amd64 first; 250 MB and 2 minutes the first time)
	@tests/container/install.sh build/container
	$(SLOW_TESTS) -v -s tests/container

test-cluster: $(DEV) ## three nodes of NATS and of RabbitMQ: killed, split, cut off, taken down in turn, NATS upgraded, all under load; tables of what each keeps and of what was lost (root; 300 MB the first time; 25 minutes)
	@tests/cluster/install.sh build/cluster
	$(SLOW_TESTS) -v -s tests/cluster

test-ansible: $(DEV) ## Ansible brings three booted sensors to a state, one of them first, and goes back where that goes wrong (root; make deb PACKAGES=deb13-amd64 first; 1 GB and 5 minutes the first time; then 5)
	@tests/ansible/install.sh build/ansible build/debian
	$(SLOW_TESTS) -v -s tests/ansible

test-monitoring: $(TEST) ## the dashboard by Grafana's own types and before a real Prometheus, the flow in a real Node-RED (make deps SLOW=1 first; 200 MB the first time; 2 minutes)
	@tests/monitoring/install.sh build/monitoring
	$(SLOW_TESTS) -v -s tests/monitoring

test-jax: $(TEST) ## trainings on JAX, also on several devices, in build/jax (2 GB the first time; 5 minutes)
	tests/jax.sh $(BIN)/uv build/jax

test-attacks: $(DEV) ## what a hostile broker, camera, file or neighbour may try, and a table of what became of it (root; minutes; make deps SLOW=1 first)
	$(BIN)/python -m pytest -m attack --no-skip

test-page: $(DEV) ## the page in Debian's Chromium, as people use it (make deps SLOW=1 first; axe-core as its skip says; 3 minutes)
	$(BIN)/python -m pytest -m slow -v tests/integration/test_page_browser.py

test-fuzz: $(DEV) ## odd and damaged configurations, MQTT messages, streams, JPEGs, models, recipes and tables, a minute each (FUZZ_S=600 for longer); what fails is kept in build/fuzz
	$(SLOW_TESTS) -v -s tests/fuzz

test-mutations: $(DEV) ## thousands of damaged, foreign and forged files in the place of the model; a table says what became of them (2 minutes)
	$(SLOW_TESTS) -v -s tests/converters/test_mutations.py

lint: $(DEV) ## formatting, lint, types and prose, as CI checks them
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.docs.prose

format: $(DEV) ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(DEV) ## speed and memory, as ratios to a baseline of the same run
	$(BIN)/python -m tests.benchmarks

bench-people: $(DEV) ## who of many people in plain view is seen, how soon, and what that costs: drawn crowds, and photographs where they are (AFFECTD_PEOPLE, AFFECTD_NETWORK; 10 minutes)
	$(BIN)/python -m tests.benchmarks.people $(EVERY)

lost-people: $(DEV) ## a sheet of the faces in labelled photographs that are not seen, with the causes counted (DATA=folder OUT=sheet.jpg DETECTOR=haar or yunet; 3 minutes)
	$(BIN)/python -m tests.benchmarks.lost_people $(DATA) --detector $(or $(DETECTOR),haar) --out $(or $(OUT),build/lost-people.jpg)

bench-overlay: $(DEV) ## what the overlay costs: drawing, for each mode at 720 and 1080 lines, and the sensor, with it and without
	$(BIN)/python -m tests.benchmarks.overlay
	$(BIN)/python -m tests.benchmarks.showing

bench-page: $(DEV) ## what the page costs with nobody, one and five people who look at it: its memory and CPU, and the sensor's frames
	$(BIN)/python -m tests.benchmarks.page

bench-summary: $(DEV) ## what the memory of a day costs: bytes written and kept, time for a frame, and the daemon with it and without
	$(BIN)/python -m tests.benchmarks.summary

bench-fleet: $(DEV) ## what 1, 10, 50 and 200 devices in one process cost a Mosquitto here, and how they come back when it was away (15 minutes)
	$(BIN)/python -m tests.benchmarks.fleet

bench-train: $(DEV) ## faces a second and seconds an epoch of a recipe's training (RECIPE=edge), against Keras alone and in bfloat16 (THREADS=1)
	$(BIN)/python -m tests.benchmarks.training $(or $(RECIPE),edge) $(THREADS)

figures-gpu: ## every recipe's figures, teachers and students in one run of ten minutes on one large GPU, with a Python that has JAX (DATA, FERPLUS, DLIB=weight manifest, OUT=figures, PYTHON=python3)
	KERAS_BACKEND=jax $(PYTHON) -m tests.benchmarks.figures_gpu $(DATA) $(FERPLUS) $(or $(OUT),figures) $(if $(DLIB),--dlib $(DLIB))

models: $(DEV) ## the models that ship, trained and converted anew in runs/ (DATA=fer2013.csv FERPLUS=fer2013new.csv; four to five hours on two idle cores, half of that with AVX512-BF16; the same command continues an interrupted run; with EPOCHS=1 for a trial the conversion may refuse what has learnt too little)
	$(FIT) edge --set temperature_scaling=false
	$(FIT) edge-again --set temperature_scaling=false --from runs/edge --teacher runs/edge
	$(FIT) edge-deeper --from runs/edge-again --teacher runs/edge-again
	$(BIN)/affectd-convert tflite runs/edge-deeper/model.keras --calibration-faces 700
	$(FIT) edge-fer2013 --from runs/edge
	$(BIN)/affectd-convert tflite runs/edge-fer2013/model.keras --calibration-faces 700

bench-fer: $(DEV) ## our models against the classifier of fer, on the same faces and by turns (DATA=fer2013.csv FERPLUS=fer2013new.csv)
	$(BIN)/python -m tests.benchmarks.fer $(DATA) $(FERPLUS)

bench-teachers: $(DEV) ## models and the mean of their answers, on the same faces (DATA=fer2013.csv FERPLUS=fer2013new.csv MODELS="runs/a runs/b" FOLD=1/20)
	$(BIN)/python -m tests.benchmarks.teachers $(DATA) $(FERPLUS) $(MODELS) $(if $(FOLD),--fold $(FOLD))

readings: $(DEV) ## what the models read in the faces of a clip over time, as a picture (OUT=readings.png CLIP=video; without it, a face that changes)
	$(BIN)/python -m tests.benchmarks.readings $(or $(OUT),readings.png) $(CLIP)

docs: $(DEV) ## the documentation as a site, in build/site; broken links are errors
	$(PIP) install -q -c constraints.txt -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "look at it: $(BIN)/python -m http.server -d build/site"

reference: $(DEV) ## write the pages that are made of the code anew: configuration, commands, the tables of MQTT, shell completions
	$(BIN)/python -m tests.docs.reference

pictures: $(DEV) ## draw the golden pictures and every picture in docs/ again (DATA=fer2013.csv FERPLUS=fer2013new.csv for the report's; Chromium); look at each before committing it
	$(BIN)/python -m tests.device.overlay.make_golden
	$(BIN)/python -m tests.device.overlay.make_screenshots
	$(BIN)/python -m tests.integration.make_page_screenshots
	DATA="$(DATA)" FERPLUS="$(FERPLUS)" $(BIN)/python -m tests.docs.pictures

clip: $(DEV) ## draw the demo clip and its true boxes anew
	$(BIN)/python -m tests.clip.make_clip

architecture: $(DEV) ## draw docs/architecture.svg anew from its source, docs/architecture.dot (graphviz)
	@command -v dot >/dev/null || { echo "dot is missing: sudo apt-get install graphviz" >&2; exit 69; }
	dot -Tsvg docs/architecture.dot -o docs/architecture.svg

dist: $(TEST) ## wheel and sdist, in dist/
	rm -rf dist
	$(BIN)/python -m hatchling build

release: ## what is checked and built before a release: a clean tree, its version in the changelog, lint, tests, wheel, sdist (15 minutes)
	@.ci/release check
	@$(MAKE) --no-print-directory lint test test-packaging dist
	@.ci/release next

lock: $(UV) ## write constraints.txt anew from what the package indexes have today, and with digests what the Debian packages take along
	$(UV) pip compile --quiet --universal --python-version 3.11 --extra overlay --extra dev --extra docs --no-emit-package affectd \
		--no-annotate --no-header --output-file constraints.txt pyproject.toml
	systemd/debian/lock.sh $(UV)

audit: $(UV) ## known faults in the libraries of constraints.txt (needs the network; once a week)
	$(UV) tool run pip-audit --requirement constraints.txt --no-deps --disable-pip

clean: ## remove the environment and what was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 11) <= v <= (3, 13) else "affectd needs Python 3.11 to 3.13, and $(PYTHON) is %d.%d: name another, as in make PYTHON=python3.13" % v)'
	@echo "making an environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(UV): constraints.txt
	@echo "installing uv in build/uv (60 MB)"
	@$(PYTHON) -m venv build/uv
	@build/uv/bin/python -m pip --disable-pip-version-check install -q -c constraints.txt uv
	@touch $@

$(DEMO): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing affectd and the demo's broker (about 100 MB; the first time takes a minute)"
	@$(PIP) install -c constraints.txt -e '.[demo]'
	@touch $@

$(TEST): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing affectd, the demo's broker and the tests' tools (about 500 MB; the first time takes a minute)"
	@$(PIP) install -c constraints.txt -e '.[demo,overlay,test]'
	@touch $@ $(DEMO)

$(DEV): pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing affectd with the trainer, the converters and the tests' tools (about 1 GB; the first time takes minutes)"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@ $(TEST) $(DEMO)
