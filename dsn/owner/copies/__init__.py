"""Many customers' sealed copies of one student: each with a serial, a salt and a pattern of its own, none kept."""
