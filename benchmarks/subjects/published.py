"""Deployments on which everything is published and nothing was computed: what planning alone needs."""

from flow_assets.ledger import Publication
from flow_assets.materialization.project import Project
from flow_assets.materialization.selection import select


def publish(project: Project) -> None:
    """Publish every partition for the key it has now, each with a file of its own."""
    planner = project.planner(project.graph.datasets.values())
    with project.claims() as claims:
        for name, partitions in select(project.graph).items():
            publications = []
            for entry in planner.plan(project.graph.get(name), partitions):
                assert entry.key
                blob = project.store.put_blob(entry.key.encode()).reference
                content = Publication(name, entry.partition, "computed", "", entry.key, entry.key, None, blob, 1, 64)
                publications.append(content)
            claims.take(name, partitions)
            project.holdings.publish(publications, "benchmark", claims.owner.owner)
            planner.refresh(name, partitions)
