-- Export arg[1] samples of the session by the export preset arg[2], into the folder arg[3].
assert (AudioEngine:set_backend ("None (Dummy)", "", ""))
AudioEngine:set_device_name ("Uniform White Noise")
local s = load_session ("./session", "session")
assert (s)
local export = s:simple_export ()
assert (export:set_preset (arg[2]))
export:set_range (0, tonumber (arg[1]))
export:set_folder (arg[3])
export:set_name ("exported")
assert (export:run_export ())
for t in s:get_tracks ():iter () do
  local insert = t:nth_plugin (0):to_insert ()
  local plugin = insert:plugin (0)
  for i = 0, plugin:parameter_count () - 1 do
    print ("PARAMETER", plugin:parameter_label (i), ARDOUR.LuaAPI.get_plugin_insert_param (insert, i, false))
  end
  print ("LATENCY", insert:signal_latency ())
end
close_session ()
quit ()
