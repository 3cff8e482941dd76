sh /opt/tool/run.sh
python3 -c "import weighty; print(weighty.size())"
