"""Deployments on which everything is published and nothing was computed: what planning alone needs."""

from flow_assets.ledger import Judgement, Publication
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import select


def publish(project: Project) -> None:
    """Publish every partition for the key it has now, each with a file of its own and judged by its rules."""
    planner = project.planner(project.graph.datasets.values())
    with project.claims() as claims:
        for name, partitions in select(project.graph).items():
            rules = planner.recipes[name].book.digest
            publications = []
            for entry in planner.plan(project.graph.get(name), partitions):
                assert entry.key
                blob = project.store.put_blob(entry.key.encode()).reference
                judgement = Judgement(name, entry.partition, entry.key, rules, "", 1, "{}", 0, 0)
                made = (name, entry.partition, "computed", "", entry.key, entry.key, None, blob, 1, 64)
                publications.append(Publication(*made, judgement=judgement))
            claims.take(name, partitions)
            project.holdings.publish(publications, "benchmark", claims.owner.owner)
            planner.refresh(name, partitions)
