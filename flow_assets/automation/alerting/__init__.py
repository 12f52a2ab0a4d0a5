"""Whom do we tell, and in which words? What is off was found elsewhere; here it reaches people.

`routes` says from one YAML file which alert goes where; `notices` words it and `charts` draws it, each the one place
for that; `destinations` are the places, which `apprise_sender` and `alertmanager_sender` reach; `engine` delivers what
is due, and nothing twice. `hiding` sees to it that no secret of theirs is ever shown. Nothing here knows Dagster.
"""
