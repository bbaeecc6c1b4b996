"""What is measured, and where it goes. Only `ray_recorder` knows Ray."""
