defmodule ShopWeb.Endpoint do
  use Phoenix.Endpoint, otp_app: :shop

  @session [store: :cookie, key: "_shop", signing_salt: "shop session", same_site: "Lax"]
  @connect_info [:user_agent, session: @session]

  socket "/socket", ShopWeb.UserSocket,
    websocket: [connect_info: [:user_agent]],
    longpoll: [connect_info: [:user_agent]]

  socket "/live", Phoenix.LiveView.Socket,
    websocket: [connect_info: @connect_info],
    longpoll: [connect_info: @connect_info]

  if Application.compile_env(:shop, :sandbox) do
    plug Phoenix.Ecto.SQL.Sandbox, at: "/sandbox", repo: Shop.Repo
  end

  plug Plug.RequestId
  plug Plug.Telemetry, event_prefix: [:phoenix, :endpoint]
  plug Plug.Parsers, parsers: [:urlencoded, :json], json_decoder: Jason
  plug Plug.Session, @session
  plug ShopWeb.Router
end
