"""Measurements that anyone can repeat: load, isolation, engine speed."""
