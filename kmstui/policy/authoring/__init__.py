"""What helps to write a policy: completion, templates, taking an action from a role."""
