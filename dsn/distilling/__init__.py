"""How the owner makes a student: teacher, recipe, learner, loop, finishing, rebuild."""
