"""Many trainings on many machines: a pipeline's namespaces as tasks of Dask distributed."""
