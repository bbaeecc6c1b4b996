"""How many replicas there are to be: what they report of their listeners, and the policy that reads it."""
