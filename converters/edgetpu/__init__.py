"""The last step to a Coral accelerator: what it can run, and its maker's compiler."""
