-- How many words there are; the notebook is told.
return function(text)
  local words = 0
  for _ in text:gmatch("%S+") do words = words + 1 end
  local ok, err = process.send("notebook", "note", words .. " words")
  return {result = words, noted = ok == true, why = err and err:message()}
end
