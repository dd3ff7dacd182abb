-- Customers: hand orders to a teller, then ask the ledger what everybody has.

local io = require("io")

local ORDERS = {
  { account = "ada", amount = 1200, currency = "EUR" },
  { account = "grace", amount = 5000, currency = "USD" },
  { account = "ada", amount = 300, currency = "GBP" },
  { account = "grace", amount = 100, currency = "XXX" },
}

local function main()
  local ledger = assert(process.spawn_linked("bank:ledger", "bank:work"))
  local teller = assert(process.spawn_linked("bank:teller", "bank:work", ledger))

  local receipts = process.listen("receipt")
  for _, order in ipairs(ORDERS) do
    process.send(teller, "order", order)
    local receipt = receipts:receive()
    io.write(string.format("%s %d %s: %s\n", order.account, order.amount, order.currency, receipt))
  end

  local balances = process.listen("balances")
  process.send(ledger, "report")
  for _, entry in ipairs(balances:receive()) do
    io.write(string.format("%s has %d EUR\n", entry.account, entry.euros))
  end
end

return main
