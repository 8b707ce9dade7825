// A tab's contents are put in place when it is first opened: then what is long in it is asked for, once.
trigger("open");
