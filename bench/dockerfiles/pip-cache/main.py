import weighty, light
print(weighty.size())
