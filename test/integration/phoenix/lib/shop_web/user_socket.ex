defmodule ShopWeb.UserSocket do
  use Phoenix.Socket

  channel "room:*", ShopWeb.RoomChannel

  @impl true
  def connect(params, socket, info) do
    {:ok, assign(socket, name: params["name"] || "guest", user_agent: info[:user_agent])}
  end

  @impl true
  def id(socket), do: "user:" <> socket.assigns.name
end
