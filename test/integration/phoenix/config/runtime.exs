import Config

adapter =
  case System.get_env("SHOP_SERVER", "bandit") do
    "bandit" -> Bandit.PhoenixAdapter
    "cowboy" -> Phoenix.Endpoint.Cowboy2Adapter
    other -> raise "SHOP_SERVER is bandit or cowboy, not #{other}"
  end

{:ok, ip} = "SHOP_IP" |> System.get_env("0.0.0.0") |> to_charlist() |> :inet.parse_address()

config :shop, ShopWeb.Endpoint,
  adapter: adapter,
  http: [ip: ip, port: "PORT" |> System.get_env("4000") |> String.to_integer()],
  secret_key_base: System.fetch_env!("SECRET_KEY_BASE")

# Each test in a sandbox holds a connection as long as it runs.
pool_size = if config_env() == :e2e, do: "40", else: "10"

config :shop, Shop.Repo,
  url: System.fetch_env!("DATABASE_URL"),
  pool_size: "POOL_SIZE" |> System.get_env(pool_size) |> String.to_integer()

config :logger, level: "LOG_LEVEL" |> System.get_env("info") |> String.to_existing_atom()
