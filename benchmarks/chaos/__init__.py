"""What listeners notice when something goes: processes, nodes, disks, weights, clients, clocks."""
