-- The rules: this is the file to edit. Each rule says
--
--   name       how reports call it
--   watch      which requests it must be shown: those with one of these status codes, or with one of these texts in
--              their target (written in lower case). Everything else stays with the parsers, so keep it narrow.
--   matches    whether a shown request counts. A request has client, at (unix seconds), method, target, status, agent.
--   threshold  so many matching requests of one client ...
--   within     ... in so many seconds raise an alert
--   severity   "warning" or "critical"

local function contains_any(text, words)
  for _, word in ipairs(words) do
    if text:find(word, 1, true) then return true end
  end
  return false
end

-- What nobody asks for who came for the pages of this site.
local probes = {
  "/.env", "/.git/", "/wp-login.php", "/wp-admin", "/xmlrpc.php", "/phpmyadmin", "/cgi-bin/", "/actuator/", "/vendor/phpunit",
}

local scanner_agents = { "sqlmap", "nikto", "nmap", "masscan", "zgrab", "gobuster", "wpscan" }

-- `../` in all the ways in which it is usually hidden.
local traversals = { "../", "..\\", "..%2f", "..%5c", "%2e%2e/", "%2e%2e%2f", "%2e%2e%5c", "%252e%252e" }

return {
  {
    name = "scanner",
    watch = { status = { 404 }, text = probes },
    threshold = 12,
    within = 60,
    severity = "warning",
    matches = function(request)
      return request.status == 404
        or contains_any(request.target:lower(), probes)
        or contains_any(request.agent:lower(), scanner_agents)
    end,
  },
  {
    name = "brute_force",
    watch = { status = { 401, 403 } },
    threshold = 10,
    within = 60,
    severity = "critical",
    matches = function(request)
      return request.method == "POST" and (request.status == 401 or request.status == 403)
    end,
  },
  {
    name = "traversal",
    watch = { text = traversals },
    threshold = 1,
    within = 60,
    severity = "critical",
    matches = function(request)
      return contains_any(request.target:lower(), traversals)
    end,
  },
}
