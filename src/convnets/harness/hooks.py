"""What the project adds to a Kedro run. Kedro imports this module at every command, even `kedro --help`."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines


class ProjectHooks:
    """Checks the parameters, plans the studies and registers the other hooks, whose imports only a run waits for."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check all parameters and settings before Kedro builds a catalog, and add the trainings that they ask for."""
        from convnets.harness.atomic_files import AtomicFileHooks  # noqa: PLC0415
        from convnets.harness.checks import CheckHooks  # noqa: PLC0415
        from convnets.harness.handover import HandoverHooks  # noqa: PLC0415
        from convnets.harness.locks import NamespaceLocks  # noqa: PLC0415
        from convnets.harness.provenance import ProvenanceHooks  # noqa: PLC0415
        from convnets.harness.tracking.hooks import TrackingHooks  # noqa: PLC0415
        from convnets.harness.tracking.store import tracking_uri  # noqa: PLC0415
        from convnets.parameters import check_parameters, check_settings  # noqa: PLC0415
        from convnets.pipeline_registry import register_studies  # noqa: PLC0415
        from convnets.studies import parameter_blocks, plan_trainings  # noqa: PLC0415
        from convnets.terminal import TerminalHooks  # noqa: PLC0415

        settings = context.config_loader["tracking"]
        check_settings(settings, context.config_loader["globals"])
        values = context.config_loader["parameters"]
        parameters = check_parameters(values)
        trainings = plan_trainings(parameters) if _may_need_studies() else {}
        blocks = parameter_blocks(trainings)
        if trainings:
            context.config_loader["parameters"] = values | blocks
            pipelines.update(register_studies(trainings))
        outputs = context.project_path / context.config_loader["globals"]["outputs"]
        blocks |= parameters.model_dump(mode="json")
        claims = NamespaceLocks(outputs)
        tracking = TrackingHooks(context.project_path, settings, blocks, claims)
        handover = HandoverHooks(context.config_loader.conf_source, tracking_uri(context.project_path, settings))
        checks = CheckHooks(parameters, trainings, outputs)
        # Kedro calls the last of them first: checks come before anything is written; and a saved file gets its name,
        # is recorded, and only then counts as made.
        in_turn = (handover, ProvenanceHooks(blocks), TerminalHooks(), tracking, AtomicFileHooks(), claims, checks)
        for hooks in in_turn:
            context._hook_manager.register(hooks)


def _may_need_studies() -> bool:
    """Whether the studies' many nodes may be wanted, which takes half a second.

    Kedro notes which pipelines a run asks for, and nothing where it asks for the default.
    """
    from convnets.studies import STUDIES  # noqa: PLC0415

    requested = getattr(pipelines, "_requested_pipelines", None)
    return requested is None or not set(STUDIES).isdisjoint(requested)
