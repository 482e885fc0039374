-- Play the dummy backend's noise live through the effect on the session's track. Of its arguments each three are
-- a parameter, the value that it is set to, and seconds in which that settles; after each the track's meter is read
-- for a second, and its peak in dB printed.
assert (AudioEngine:set_backend ("None (Dummy)", "", ""))
AudioEngine:set_device_name ("Uniform White Noise")
local s = load_session ("./session", "session")
assert (s)
local track
for t in s:get_tracks ():iter () do track = t end
track:monitoring_control ():set_value (ARDOUR.MonitorChoice.MonitorInput, PBD.GroupControlDisposition.NoGroup)
for i = 0, 1 do track:input ():audio (i):connect ("system:capture_" .. (i + 1)) end
local places = {}
local plugin = track:nth_plugin (0):to_insert ():plugin (0)
for i = 0, plugin:parameter_count () - 1 do places[plugin:parameter_label (i)] = i end
for step = 1, #arg, 3 do
  local place = places[arg[step]]
  assert (place, arg[step])
  assert (ARDOUR.LuaAPI.set_processor_param (track:nth_plugin (0), place, tonumber (arg[step + 1])))
  sleep (tonumber (arg[step + 2]))
  track:peak_meter ():reset_max ()
  sleep (1)
  print ("LEVEL", arg[step], arg[step + 1], track:peak_meter ():meter_level (0, ARDOUR.MeterType.MeterMaxPeak))
end
close_session ()
quit ()
