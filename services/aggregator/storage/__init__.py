"""What the aggregator reads of ``facts`` and writes of slices. Counting stands in SQL here and in rules.funnel; tests hold
the two equal."""
