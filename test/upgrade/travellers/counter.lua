-- Sends the numbers from 1 to `count`, and computes a little between them.
return function(to, count)
  for n = 1, count do
    local sent, err = process.send(to, "add", {process.pid(), n})
    if not sent then return nil, err end
    for _ = 1, n * 37 % 2000 do end
    if n % 16 == 0 then coroutine.yield() end
  end
end
