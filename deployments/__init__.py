"""The Ray Serve application: an ingress that speaks HTTP and the replicas that speak."""
