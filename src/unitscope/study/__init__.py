"""Study: the experiment with people, from panels and lists to the analysis of answers. Not built yet."""
