defmodule ShopWeb.StatusController do
  use Phoenix.Controller, formats: [:json]

  def health(conn, _params) do
    case ShopWeb.Sandbox.outside(fn -> Shop.Repo.query("SELECT 1", [], timeout: 2_000) end) do
      {:ok, _} -> json(conn, %{status: "up"})
      {:error, _} -> conn |> put_status(503) |> json(%{status: "no database"})
    end
  end

  @doc "The version that the node knows itself to run: after an upgrade the new one."
  def version(conn, _params) do
    json(conn, %{
      version: to_string(Application.spec(:shop, :vsn)),
      server: server(ShopWeb.Endpoint.config(:adapter)),
      node: node(),
      otp: System.otp_release(),
      elixir: System.version()
    })
  end

  defp server(Bandit.PhoenixAdapter), do: "bandit"
  defp server(Phoenix.Endpoint.Cowboy2Adapter), do: "cowboy"
end
