"""What is recognised: records, data sets, the pictures that ship, and how a visitor's picture is fitted."""
