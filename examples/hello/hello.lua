return function(name)
  return "Hello, " .. name .. ", from Lua"
end
