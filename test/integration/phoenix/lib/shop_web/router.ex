defmodule ShopWeb.Router do
  use Phoenix.Router

  import Phoenix.Controller
  import Phoenix.LiveView.Router

  pipeline :browser do
    plug :accepts, ["html"]
    plug :fetch_session
    plug :fetch_live_flash
    plug :put_root_layout, html: {ShopWeb.Layouts, :root}
    plug :protect_from_forgery
  end

  pipeline :api do
    plug :accepts, ["json"]
  end

  scope "/", ShopWeb do
    get "/", PageController, :index
    get "/fast", PageController, :fast
    get "/slow", PageController, :slow
  end

  scope "/", ShopWeb do
    pipe_through :api

    get "/health", StatusController, :health
    get "/version", StatusController, :version
    get "/orders", OrderController, :index
    post "/orders", OrderController, :create
    post "/mails", MailController, :create
  end

  scope "/", ShopWeb do
    pipe_through :browser

    live_session :counter, on_mount: ShopWeb.Sandbox do
      live "/live", CounterLive
    end
  end
end
