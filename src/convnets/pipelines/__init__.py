"""A folder for each step of the experiment: its nodes, its figures, and the pipeline that wires them."""
