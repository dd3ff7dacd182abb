-- Goes on as the next of its route at once, and says at the end where it has been.
return function(journey)
  local route, been = journey.route, journey.been
  been[#been + 1] = process.pid() .. " " .. process.id()
  if #route > 0 then process.upgrade(table.remove(route, 1), {route = route, been = been}) end
  return been
end
