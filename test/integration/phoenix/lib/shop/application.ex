defmodule Shop.Application do
  @moduledoc false
  use Application

  @impl true
  def start(_type, _args) do
    children = [
      Shop.Repo,
      {Phoenix.PubSub, name: Shop.PubSub},
      Shop.Counter,
      {Oban, Application.fetch_env!(:shop, Oban)},
      ShopWeb.Presence,
      ShopWeb.Endpoint
    ]

    Supervisor.start_link(children, strategy: :one_for_one, name: Shop.Supervisor)
  end

  @impl true
  def config_change(changed, _new, removed), do: ShopWeb.Endpoint.config_change(changed, removed)
end
