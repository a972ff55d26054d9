"""What can be wrong with what a user gives: each becomes one sentence on the terminal and a non-zero exit status."""


class UserError(ValueError):
    """The user can mend it: the message names the culprit, what was found and what is allowed."""


class ParameterError(UserError):
    """A parameter is unknown, of the wrong type or out of range."""


class DataError(UserError):
    """The data contradicts itself or the parameters. The message calls data sets by their names in the catalog."""


class MissingResultError(UserError):
    """A result that a pipeline starts from has not been made yet."""


class TrackingError(UserError):
    """The MLflow store cannot be used."""
