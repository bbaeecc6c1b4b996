"""A simulation of autoscaling: what listeners feel against what replicas cost, ours beside Serve's."""
