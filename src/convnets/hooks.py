"""What the project adds to a Kedro run. Kedro imports this module at every command, even `kedro --help`."""

from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl


class ProjectHooks:
    """Checks the parameters and registers the other hooks, whose imports only a run has to wait for."""

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Check all parameters before Kedro builds a catalog; Kedro calls the hooks of the last registered first."""
        from convnets.checks import CheckHooks  # noqa: PLC0415
        from convnets.parameters import check_parameters  # noqa: PLC0415
        from convnets.terminal import TerminalHooks  # noqa: PLC0415
        from convnets.tracking import TrackingHooks  # noqa: PLC0415

        parameters = check_parameters(context.config_loader["parameters"])
        tracking = TrackingHooks(context.project_path, context.config_loader["tracking"], parameters)
        for hooks in (TerminalHooks(), tracking, CheckHooks(parameters)):
            context._hook_manager.register(hooks)
