"""What makes any Kedro run trustworthy. It knows no network, no data set and no study."""
