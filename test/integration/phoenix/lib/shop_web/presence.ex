defmodule ShopWeb.Presence do
  use Phoenix.Presence, otp_app: :shop, pubsub_server: Shop.PubSub
end
