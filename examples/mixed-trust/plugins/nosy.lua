-- Tries what a plug-in has no business with, and tells how it went. Change it, and try to get further.
return function(terminal)
  local tried = {}
  local function try(what, ok, err)
    local refused = err ~= nil and type(err) ~= "string" and err:kind()
    tried[#tried + 1] = {what, ok and "DONE" or refused or "not there"}
  end

  try("write to the terminal's process", process.send(terminal, "hello", "from the inside"))
  try("end the terminal's process", process.terminate(terminal))
  try("find the clerk by its name", process.registry.lookup("clerk"))
  try("take the notebook's name", process.registry.register("notebook"))
  try("end the notebook", process.terminate("notebook"))
  try("start a notebook of its own", process.spawn("mixed:notebook", "mixed:system"))
  try("start another plug-in", process.spawn("mixed:count", "mixed:plugins", "a b"))
  try("act as somebody else", pcall(function() return require("security").new_actor("root") end))
  try("read a file", io and io.open("/etc/passwd"))
  try("reach the machine", os.execute and os.execute("true"))
  return tried
end
