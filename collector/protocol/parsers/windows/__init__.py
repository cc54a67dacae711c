"""Events of Windows, as the agents that sent them wrote them: a file for each."""
