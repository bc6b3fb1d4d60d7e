# Signs and verifies with the identity's own transit key, which never leaves the server.
path "{mounts.transit}/sign/{name}" {
  capabilities = ["update"]
}

path "{mounts.transit}/verify/{name}" {
  capabilities = ["update"]
}
