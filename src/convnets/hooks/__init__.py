"""What the project adds to a Kedro run. Kedro imports this module at every command, even `kedro --help`."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl


class ProjectHooks:
    """Checks the parameters and registers the other hooks, whose imports only a run has to wait for."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check all parameters and settings before Kedro builds a catalog."""
        from convnets.hooks.checks import CheckHooks  # noqa: PLC0415
        from convnets.hooks.claims import Claims  # noqa: PLC0415
        from convnets.hooks.provenance import ProvenanceHooks  # noqa: PLC0415
        from convnets.hooks.terminal import TerminalHooks  # noqa: PLC0415
        from convnets.hooks.tracking import TrackingHooks  # noqa: PLC0415
        from convnets.hooks.whole_files import WholeFileHooks  # noqa: PLC0415
        from convnets.parameters import check_parameters, check_settings  # noqa: PLC0415

        settings = context.config_loader["tracking"]
        check_settings(settings, context.config_loader["globals"])
        parameters = check_parameters(context.config_loader["parameters"])
        outputs = context.project_path / context.config_loader["globals"]["outputs"]
        claims = Claims(outputs)
        tracking = TrackingHooks(context.project_path, settings, parameters, claims)
        checks = CheckHooks(parameters, outputs)
        # Kedro calls the last of them first: checks come before anything is written; and a saved file gets its name,
        # is recorded, and only then counts as made.
        for hooks in (ProvenanceHooks(parameters), TerminalHooks(), tracking, WholeFileHooks(), claims, checks):
            context._hook_manager.register(hooks)
