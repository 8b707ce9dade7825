"""Attacks on students: the paper's and stronger ones, one module each; what they are made of is in `kit`.

Every attack module has frozen `Settings`, with `FULL` for the recorded figures and `QUICK` for trying it
out, a generator `attack(scene, settings, share, seed)` that yields a `Step` now and then and returns an
`Outcome`, and at its end the record `ATTACK`, which says everything else about it: what is needed of a student, what is
drawn, which lines stand in the tables, with which bars. Closing the generator stops it. In `kit`: `record` (what
an attack says about itself), `scene` (who has what), `training` (the one loop for stolen and fresh networks), `starts`
(what training begins with), `surrogates` (networks that are easier to descend on) and `measuring`. `descent` makes many
restarts in one forward pass. `registry` lists the attacks, `recorded` runs them for the tables, `watched` for whoever
looks on.
"""
