-- The rows `from` to `to` of the set of Mandelbrot: how many iterations they took
local LIMIT <const> = 200

return function(parent, from, to, size)
  local sum = 0
  for row = from, to - 1 do
    local ci = 2 * row / size - 1
    for column = 0, size - 1 do
      local cr = 3 * column / size - 2
      local zr, zi, n = 0.0, 0.0, 0
      while n < LIMIT and zr * zr + zi * zi <= 4 do
        zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci
        n = n + 1
      end
      sum = sum + n
    end
  end
  process.send(parent, "band", sum)
end
