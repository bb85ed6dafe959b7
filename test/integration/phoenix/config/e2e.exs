import Config

# Each test has a connection and a transaction of its own. Jobs run where they are inserted, within it.
config :shop, sandbox: true
config :shop, Shop.Repo, pool: Ecto.Adapters.SQL.Sandbox
config :shop, Oban, testing: :inline
