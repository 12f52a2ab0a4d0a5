"""What runs out? `look` is the watch over memory and disks, `machine` what there is of them."""
