"""What pages show, built from readings and words. Pure: values in, values out."""
