-- The price of an order in cents, or an error that the machine can act on.

local prices = { lamp = 2950, chair = 12900, table = 34500 }

return function(order)
  local price = prices[order.item]
  if not price then
    return nil, errors.new({ message = "we do not sell " .. order.item, kind = "NOT_FOUND", retryable = false })
  end
  local total = price * order.count
  if order.count >= 10 then total = total * 9 // 10 end
  return total
end
