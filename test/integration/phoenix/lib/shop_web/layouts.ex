defmodule ShopWeb.Layouts do
  use Phoenix.Component

  def root(assigns) do
    ~H"""
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta name="csrf-token" content={Plug.CSRFProtection.get_csrf_token()} />
        <title>Shop</title>
      </head>
      <body>{@inner_content}</body>
    </html>
    """
  end
end
