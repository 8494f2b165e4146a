"""What the demo chains tell their models. The scripted answers know by it which chain is asking."""

RAG = (
    "Answer the question from the notes alone, in a few sentences, and name each note you use by its number in "
    "brackets. If the notes do not tell, say so."
)
EXTRACT = (
    "Find every country that the text names, in its order. Answer with one JSON object and nothing else: "
    '{"countries": [{"name": ..., "population": ..., and the fields asked for}]}. capital: name, population, '
    "coordinates (lat, lon). cities: a list of name and population. languages: a list of name, native and official. "
    "currency: code and name. flag: an emoji."
)
AGENT = (
    "You help with the weather. Look it up with the weather tool, which gives degrees Celsius, and change units with "
    "the convert tool, never in your head. Call tools at the same time where you can."
)
SUMMARY = "Summarise the topic in two or three sentences for someone new to it."
ARGUMENTS = "List three arguments for and three against the topic, in Markdown, a line each."
TRANSLATION = "Say in two sentences, in the language asked for, what the topic is and why people discuss it."
FLAKY = "Answer in two or three plain sentences."
