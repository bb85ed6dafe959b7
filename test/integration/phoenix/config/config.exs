import Config

config :shop, ecto_repos: [Shop.Repo]

config :shop, Oban, repo: Shop.Repo, queues: [mails: 5]

config :shop, ShopWeb.Endpoint,
  pubsub_server: Shop.PubSub,
  live_view: [signing_salt: "shop live view"],
  render_errors: [formats: [json: ShopWeb.ErrorJSON], layout: false],
  # Tests come from anywhere.
  check_origin: false,
  server: true

config :phoenix, :json_library, Jason

if config_env() == :e2e, do: import_config("e2e.exs")
